"""Prepared arrays -> weights and their measured quality. Runs with torch and numpy alone."""

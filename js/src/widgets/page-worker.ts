/** static/page_worker.js: the worker in which an exported page decodes. */
import { type Scope, serve } from "../model/worker";

serve(globalThis as unknown as Scope);

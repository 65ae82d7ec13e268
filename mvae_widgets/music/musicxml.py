"""MusicXML: note_seq's reader, with what it leaves out.

note_seq puts parts of one MIDI channel into one instrument, strikes tied notes again, keeps grace
notes with no length, loses its place after tempo changes and short voices, and knows neither titles
nor percussion channels.
"""

from __future__ import annotations

import io
import re
import zipfile
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from ..errors import ReadError
from ..whole_files import DAMAGED
from .library import note_seq, quiet
from .score import TempoMap

if TYPE_CHECKING:
    NoteSequence = Any
    Document = Any

__all__ = ["load", "load_compressed", "looks_like"]

MAX_BYTES = 64 * 2**20
DEFAULT_QPM = 120.0
SECONDS = 0.5  # a quarter while parsing
PERCUSSION_CHANNEL = 10  # MusicXML counts MIDI channels from 1
EXPORT = "Export it again as MusicXML, or as MIDI."


def looks_like(data: bytes) -> bool:
    """Tell whether some bytes are XML of a kind (an own check tells whether it is a score)."""
    head = data[:4000]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.decode("utf-16", "ignore").encode()
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith(b"<?xml") or bool(re.match(rb"<(!DOCTYPE\s+)?score-(part|time)wise", head))


def load(data: bytes) -> NoteSequence:
    """Read the bytes of an uncompressed MusicXML file.

    Raises
    ------
    ReadError
        Not well-formed, not a score by parts, or with music note_seq has no name for. Other
        exceptions of note_seq come through.
    """
    if b"<!ENTITY" in data:
        raise ReadError("the XML defines entities of its own, which a score does not need.", EXPORT)
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise ReadError(f"the XML is broken ({error}).", EXPORT) from error
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]  # without a namespace
    if root.tag == "score-timewise":
        raise ReadError("the score is written time by time, not part by part.", EXPORT)
    if root.tag != "score-partwise":
        raise ReadError(f"the XML holds <{root.tag}>, not a score.", "Give MusicXML (<score-partwise>).")
    return _convert(root)


def load_compressed(data: bytes) -> NoteSequence:
    """Read the bytes of a compressed MusicXML file (.mxl, a zip).

    Raises
    ------
    ReadError
        A damaged zip, one without a score, or one that unpacks to more than a score can need.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            score = _unpack(archive, _score_name(archive))
    except DAMAGED as error:
        raise ReadError(f"the zip is damaged ({error}).", EXPORT) from error
    return load(score)


def _unpack(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        content = file.read(MAX_BYTES + 1)  # what the directory claims about sizes can be a lie
    if len(content) > MAX_BYTES:
        raise ReadError(f"'{name}' in it unpacks to more than {MAX_BYTES // 2**20} MB.", EXPORT)
    return content


def _score_name(archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    if "META-INF/container.xml" in names:
        container = ElementTree.fromstring(_unpack(archive, "META-INF/container.xml"))
        for element in container.iter():
            path = element.get("full-path")
            if path in names and path is not None:
                return path  # the first root file is the score; others are its pictures
    scores = [n for n in names if n.lower().endswith((".xml", ".musicxml")) and not n.startswith("META-INF/")]
    if not scores:
        raise ReadError("the zip holds no MusicXML score.", "Unpack it and give the score inside.")
    return scores[0]


def _convert(root: ElementTree.Element) -> NoteSequence:
    note_seq()
    with quiet():
        from note_seq import musicxml_parser, musicxml_reader

    class SteadyState(musicxml_parser.MusicXMLParserState):  # type: ignore[misc, unused-ignore]
        """Counts every quarter as half a second.

        note_seq reads the second part at the tempo that the first one ended with.
        """

        seconds_per_quarter = property(lambda self: SECONDS, lambda self, value: None)

    class Document(musicxml_parser.MusicXMLDocument):  # type: ignore[misc, unused-ignore]
        """note_seq's document, from an element instead of a file name."""

        @staticmethod
        def _get_score(filename: ElementTree.Element) -> ElementTree.Element:
            return filename

        def _parse(self) -> None:
            self._state = SteadyState()
            super()._parse()

    _mend(root)
    try:
        document = Document(root)
    except musicxml_parser.MusicXMLParseError as error:
        raise ReadError(f"{str(error).rstrip('.')}.", EXPORT) from error
    sequence = musicxml_reader.musicxml_to_sequence_proto(document)
    _join(sequence, document)
    drums = _drum_parts(root)
    for note in sequence.notes:
        note.instrument = note.part
        note.is_drum = note.part in drums
        note.program = min(max(note.program - 1, 0), 127)  # MusicXML counts programs from 1
    for info in sequence.part_infos:
        if info.name.strip():
            sequence.instrument_infos.add(instrument=info.part, name=info.name.strip())
    sequence.sequence_metadata.title = _title(root)
    del sequence.time_signatures[:]
    for start, numerator, denominator in _meters(document):
        sequence.time_signatures.add(time=start, numerator=numerator, denominator=denominator)
    _to_seconds(sequence)
    return sequence


def _to_seconds(sequence: NoteSequence) -> None:
    """Give a sequence that counts half a second a quarter its own tempos."""
    tempos, seconds, last, qpm = [], 0.0, 0.0, DEFAULT_QPM
    for tempo in sorted(sequence.tempos, key=lambda tempo: float(tempo.time)):
        if tempo.qpm > 0:
            seconds += (tempo.time - last) / SECONDS * 60 / qpm
            last, qpm = tempo.time, tempo.qpm
            tempos.append((seconds, qpm))
    clock = TempoMap(tempos)

    def place(time: float) -> float:
        return float(clock.seconds(time / SECONDS))

    for note in sequence.notes:
        note.start_time, note.end_time = place(note.start_time), place(note.end_time)
    for event in (*sequence.time_signatures, *sequence.key_signatures, *sequence.text_annotations):
        event.time = place(max(event.time, 0.0))
    sequence.total_time = place(sequence.total_time)
    del sequence.tempos[:]
    for quarter, qpm in clock.changes():
        sequence.tempos.add(time=float(clock.seconds(quarter)), qpm=qpm)


def _meters(document: Document) -> list[tuple[float, int, int]]:
    """Meters of the first part as (time, numerator, denominator).

    note_seq measures only voice 1, and takes a bar without it for a pickup. A bar that its meter
    does not fill gets a meter of its own, so that the bar lines stay where they are printed.
    """
    meters: list[tuple[float, int, int]] = []
    measures = document.parts[0].measures if document.parts else []
    ends = [measure.start_time_position for measure in measures[1:]] + [document.total_time_secs]
    declared = (4, 4)
    for i, (measure, end) in enumerate(zip(measures, ends, strict=True)):
        beats, unit = measure.xml_measure.findtext(".//time/beats"), measure.xml_measure.findtext(".//time/beat-type")
        if beats and unit and int(beats) > 0 and int(unit) > 0:
            declared = (int(beats), int(unit))
        length = Fraction((end - measure.start_time_position) / SECONDS / 4).limit_denominator(64)
        meter = declared
        # The last bar may be short without harm; no bar is told from an empty one by its length.
        if 0 < length != Fraction(*declared) and i < len(measures) - 1:
            unit_of = max(length.denominator, 4)
            meter = (int(length * unit_of), unit_of)
        if not meters or meters[-1][1:] != meter:
            meters.append((measure.start_time_position, *meter))
    return meters


def _mend(root: ElementTree.Element) -> None:
    """Take out what note_seq cannot read but a model has no use for, and put in what it needs."""
    for measure in root.iter("measure"):
        for note in measure.findall("note"):
            if note.find("grace") is not None or note.find("cue") is not None:
                measure.remove(note)
        for sound in measure.findall("sound"):  # note_seq looks for tempos in directions only
            direction = ElementTree.Element("direction")
            measure.insert(list(measure).index(sound), direction)
            measure.remove(sound)
            direction.append(sound)
        _fill(measure)
    for instrument in root.iter("midi-instrument"):
        for tag in ("midi-channel", "midi-program"):
            if instrument.find(tag) is None:
                ElementTree.SubElement(instrument, tag).text = "1"


def _fill(measure: ElementTree.Element) -> None:
    """Go to the end of a bar whose last voice stops early: note_seq begins the next one right there."""
    now = end = 0
    for element in measure:
        duration = int(element.findtext("duration") or 0)
        if element.tag == "backup":
            now -= duration
        elif element.tag == "forward" or (element.tag == "note" and element.find("chord") is None):
            now += duration
        end = max(end, now)
    if now < end:
        forward = ElementTree.SubElement(measure, "forward")
        ElementTree.SubElement(forward, "duration").text = str(end - now)


def _join(sequence: NoteSequence, document: Document) -> None:
    """Make one note of tied ones, and drop notes without length."""
    elements = [note.xml_note for part in document.parts for m in part.measures for note in m.notes if not note.is_rest]
    sounding: dict[tuple[int, int], Any] = {}
    kept = []
    for note, element in zip(sequence.notes, elements, strict=True):
        key = (note.part, note.pitch)
        ties = {tie.get("type") for tie in element.findall("tie")}
        open_note = sounding.get(key)
        if "stop" in ties and open_note is not None and abs(open_note.end_time - note.start_time) < 1e-3:
            open_note.end_time = note.end_time
        else:
            kept.append(note)
            open_note = note
        if "start" in ties:
            sounding[key] = open_note
        else:
            sounding.pop(key, None)
    notes = [type(note).FromString(note.SerializeToString()) for note in kept if note.end_time > note.start_time]
    del sequence.notes[:]
    sequence.notes.extend(notes)


def _drum_parts(root: ElementTree.Element) -> set[int]:
    """Numbers of the parts that play on MIDI's percussion channel."""
    drums = {
        part.get("id")
        for part in root.iter("score-part")
        if any(channel.text == str(PERCUSSION_CHANNEL) for channel in part.iter("midi-channel"))
    }
    return {i for i, part in enumerate(root.findall("part")) if part.get("id") in drums}


def _title(root: ElementTree.Element) -> str:
    for place in ("work/work-title", "movement-title"):
        text = (root.findtext(place) or "").strip()
        if text:
            return text
    return ""

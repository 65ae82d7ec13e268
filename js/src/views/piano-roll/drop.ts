/** A file dropped on the roll, or on the Studio. */

const holdsFile = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;

/**
 * Takes files where `wanted`; gives back the way to stop.
 *
 * @param named Takes files of such a name alone, before anything within the element can.
 */
export function takeDrops(
  el: HTMLElement,
  wanted: () => boolean,
  taken: (file: File) => void,
  named?: RegExp,
): () => void {
  const mark = (on: boolean) => el.classList.toggle("mv-drop", on);
  const over = (event: DragEvent) => {
    if (!wanted() || !holdsFile(event)) return;
    // Without this the host, or the browser itself, opens the file.
    event.preventDefault();
    // What a file is called is not known before it is dropped: a roll within may want it.
    if (named) return;
    event.stopPropagation();
    mark(true);
  };
  const leave = (event: DragEvent) => {
    if (!(event.relatedTarget instanceof Node && el.contains(event.relatedTarget))) mark(false);
  };
  const drop = (event: DragEvent) => {
    mark(false);
    const file = event.dataTransfer?.files[0];
    if (!wanted() || !holdsFile(event)) return;
    event.preventDefault();
    if (named && !named.test(file?.name ?? "")) return;
    event.stopPropagation();
    if (file) taken(file);
  };
  const heard = { dragenter: over, dragover: over, dragleave: leave, drop };
  const first = named !== undefined;
  for (const [type, on] of Object.entries(heard)) el.addEventListener(type, on as EventListener, first);
  return () => {
    for (const [type, on] of Object.entries(heard)) el.removeEventListener(type, on as EventListener, first);
  };
}

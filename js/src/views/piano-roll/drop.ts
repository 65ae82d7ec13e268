/** A file of music dropped on the roll. */

const holdsFile = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;

/** Takes files where `wanted`; gives back the way to stop. */
export function takeDrops(el: HTMLElement, wanted: () => boolean, taken: (file: File) => void): () => void {
  const mark = (on: boolean) => el.classList.toggle("mv-drop", on);
  const over = (event: DragEvent) => {
    if (!wanted() || !holdsFile(event)) return;
    // Without this the host, or the browser itself, opens the file.
    event.preventDefault();
    event.stopPropagation();
    mark(true);
  };
  const leave = (event: DragEvent) => {
    if (!(event.relatedTarget instanceof Node && el.contains(event.relatedTarget))) mark(false);
  };
  const drop = (event: DragEvent) => {
    mark(false);
    if (!wanted() || !holdsFile(event)) return;
    event.preventDefault();
    event.stopPropagation();
    const file = event.dataTransfer?.files[0];
    if (file) taken(file);
  };
  const heard = { dragenter: over, dragover: over, dragleave: leave, drop };
  for (const [type, on] of Object.entries(heard)) el.addEventListener(type, on as EventListener);
  return () => {
    for (const [type, on] of Object.entries(heard)) el.removeEventListener(type, on as EventListener);
  };
}

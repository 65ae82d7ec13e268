/**
 * Why there is no sound, or no instruments yet: no audio in this browser, a browser that waits for a
 * click, a kernel that has not answered yet, one that does not answer, or one that could not help.
 */
export type Notice =
  | { readonly kind: "none" | "blocked" | "waiting" | "gone" }
  | { readonly kind: "failed"; readonly text: string; readonly hint: string };

/** What the kernel said about it, where it said anything; a page without one plays its built-in sound and says nothing. */
export function noticeOf(error: unknown): Notice | null {
  const { code, message, hint } = (error ?? {}) as { code?: string; message?: string; hint?: string };
  if (code === "page") return null;
  if (code === "timeout") return { kind: "gone" };
  // What has no code comes from the browser, in words for a console.
  if (code === undefined) return { kind: "failed", text: "", hint: "" };
  return { kind: "failed", text: message ?? "", hint: hint ?? "" };
}

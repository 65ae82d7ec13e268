/** The worker's side: decodes what the page asks, one request after another. */

import { finish, type Network } from "./decoder";
import { networkOf, type Opening, type Reply, type Request, runs } from "./messages";

/** What of a worker's scope is used. */
export interface Scope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(reply: Reply): void;
}

export function serve(scope: Scope): void {
  let network: Network | undefined;
  scope.onmessage = ({ data }: MessageEvent<Opening | Request>) => {
    if ("weights" in data) {
      network = networkOf(data);
      scope.postMessage({ ready: true });
      return;
    }
    if (!network) return;
    try {
      scope.postMessage({ id: data.id, rows: [...runs(network, data)].map(finish) });
    } catch (error) {
      scope.postMessage({ id: data.id, failed: String(error) });
    }
  };
}

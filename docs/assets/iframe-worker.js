// A page that was opened as a file may not start a worker, and the search of the theme needs one: here a hidden frame
// runs the worker's script. Pages from a server keep the browser's own workers.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      const inner = frame.contentWindow;
      inner.document.open();
      inner.document.write("<!doctype html><html><body></body></html>");
      inner.document.close();
      inner.postMessage = (data) => this.#answer(data);
      inner.importScripts = async (...urls) => {
        for (const each of urls) await run(inner.document, each);
      };
      this.inner = inner;
      this.ready = run(inner.document, url);
    }

    postMessage(data) {
      this.ready.then(() => this.inner.dispatchEvent(new this.inner.MessageEvent("message", { data })));
    }

    terminate() {
      this.inner.frameElement.remove();
    }

    #answer(data) {
      const event = new MessageEvent("message", { data });
      this.dispatchEvent(event);
      if (this.onmessage) this.onmessage(event);
    }
  };

  function run(into, url) {
    return new Promise((done, failed) => {
      const script = into.createElement("script");
      script.src = new URL(url, location.href).href;
      script.onload = done;
      script.onerror = failed;
      into.body.append(script);
    });
  }
}

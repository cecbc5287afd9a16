"""One line per page in the terminal, while it is read and its cells run."""

import time


class Progress:
    def start(self, app, docname, source):
        self.began = time.perf_counter()
        print(f"  {docname:<40}", end="", flush=True)

    def end(self, app, doctree):
        print(f"{time.perf_counter() - self.began:6.1f} s", flush=True)


def setup(app):
    progress = Progress()
    app.connect("source-read", progress.start)
    app.connect("doctree-read", progress.end)
    return {"parallel_read_safe": False, "parallel_write_safe": True}

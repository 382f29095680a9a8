"""Reads what TensorBoard serves to a browser, without opening a port."""

import json
import os

from tensorboard import default, program
from tensorboard.backend import application
from tensorboard.backend.event_processing.data_ingester import (
    LocalDataIngester,
)
from werkzeug.test import Client


class Browser:
    """A client of a TensorBoard that reads a log directory once.

    Args:
      logdir: directory of the runs.
    """

    def __init__(self, logdir: os.PathLike | str):
        board = program.TensorBoard(default.get_plugins())
        once = ("--reload_interval=0", "--reload_task=blocking")
        board.configure(("tensorboard", f"--logdir={logdir}", *once))
        ingester = LocalDataIngester(board.flags)
        ingester.start()
        self._client = Client(
            application.TensorBoardWSGIApp(
                board.flags,
                board.plugin_loaders,
                ingester.data_provider,
                board.assets_zip_provider,
                ingester.deprecated_multiplexer,
            )
        )

    def get(self, plugin: str, route: str, **query: str) -> bytes:
        """Returns the body of a response; fails if its status is not 200."""
        response = self._client.get(
            f"/data/plugin/{plugin}/{route}", query_string=query
        )
        assert response.status_code == 200, response.status
        return response.data

    def tags(self, plugin: str) -> list[tuple[str, str]]:
        """Returns the runs and tags that a plugin's tab shows."""
        runs = json.loads(self.get(plugin, "tags"))
        return sorted((run, tag) for run, tags in runs.items() for tag in tags)

    def text(self, run: str, tag: str) -> str:
        """Returns the HTML of a text summary."""
        (text,) = json.loads(self.get("text", "text", run=run, tag=tag))
        return text["text"]

    def images(self, run: str, tag: str) -> list[bytes]:
        """Returns the image files of a tag."""
        found = json.loads(
            self.get("images", "images", run=run, tag=tag, sample="0")
        )
        return [
            self._client.get(
                f"/data/plugin/images/individualImage?{image['query']}"
            ).data
            for image in found
        ]

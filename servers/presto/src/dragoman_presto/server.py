"""The Presto server: declared here, assembled and served by dragoman."""

from dragoman.server import Server

server = Server(name="presto", title="Presto", instructions="", package="dragoman_presto")

"""The Airflow server: declared here, assembled and served by dragoman."""

from dragoman.server import Server

server = Server(name="airflow", title="Airflow", instructions="", package="dragoman_airflow")

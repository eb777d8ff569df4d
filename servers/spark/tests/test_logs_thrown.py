import pytest

from dragoman_spark.logs.thrown import Language, read_chain, roots_first

WORKER = """org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 failed
\tat org.apache.spark.scheduler.DAGScheduler.abortStage(DAGScheduler.scala:1)
Caused by: org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "/app/job.py", line 7, in score
    return table[key]
           ~~~~~^^^^^
KeyError: 'gb'

\tat org.apache.spark.api.python.BasePythonRunner.read(PythonRunner.scala:5)
Caused by: java.io.EOFException
\tat java.io.DataInputStream.readInt(DataInputStream.java:3)
"""
LINKED = """Traceback (most recent call last):
  File "/app/load.py", line 3, in load
    int(text)
ValueError: invalid literal

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/load.py", line 9, in <module>
    load("x")
RuntimeError: load failed
"""


def test_the_python_error_is_the_root_and_not_the_broken_pipe_below_it() -> None:
    roots = roots_first(read_chain(WORKER))

    assert [thrown.simple for thrown in roots] == ["KeyError", "PythonException", "SparkException"]
    assert roots[0].frames[0].name == "score"


def test_an_exception_raised_from_another_comes_before_it() -> None:
    chain = read_chain(LINKED)

    assert [thrown.name for thrown in chain] == ["RuntimeError", "ValueError"]


def test_a_message_without_a_class_is_kept() -> None:
    (thrown,) = read_chain("[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012")

    assert (thrown.name, thrown.condition, thrown.sqlstate) == ("", "DIVIDE_BY_ZERO", "22012")


def test_what_py4j_reports_is_read_below_its_own_error() -> None:
    text = (
        "Traceback (most recent call last):\n"
        '  File "/app/x.py", line 2, in <module>\n'
        "py4j.protocol.Py4JJavaError: An error occurred while calling o1.count.\n"
        ": java.lang.OutOfMemoryError: Java heap space\n"
        "\tat com.acme.Job.run(Job.scala:9)\n"
    )

    chain = read_chain(text)

    assert [thrown.language for thrown in chain] == [Language.PYTHON, Language.JVM]
    assert chain[1].frames[0].line == 9


@pytest.mark.parametrize(
    "text", ["", "\n\n", "no exception here", "\tat a.b.C.d(E.java:1)", "x" * 200_000]
)
def test_any_text_can_be_read(text: str) -> None:
    assert len(read_chain(text)) <= 1

"""The version of obtura: asking the installation for it would cost each new process 40 ms."""

__all__ = ["VERSION"]

VERSION = "0.1.0"

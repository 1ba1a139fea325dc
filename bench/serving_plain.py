"""What a server of row 6 serves."""

from bench.serving import application as make

application = make("plain")

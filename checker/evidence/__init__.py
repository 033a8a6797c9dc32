"""What goes over the wire, seen and broken: proxies and stand-ins on the edges, a client, all noted in the ledger."""

from checker.evidence.answer import Answer, problem
from checker.evidence.client import Client, at_once
from checker.evidence.conformance import Conformance
from checker.evidence.edge import Edge
from checker.evidence.faults import Due, Hold, LiveFault
from checker.evidence.loop import Loop
from checker.evidence.proxy import Address, HttpProxy, TcpProxy
from checker.evidence.reply import Reply
from checker.evidence.routes import Asked, Script, in_turn
from checker.evidence.standin import StandIn
from checker.evidence.taps.postgres import PostgresTap
from checker.evidence.taps.redis import RedisTap
from checker.evidence.taps.redis_notes import RedisCommand

__all__ = [
    "Address",
    "Answer",
    "Asked",
    "Client",
    "Conformance",
    "Due",
    "Edge",
    "Hold",
    "HttpProxy",
    "LiveFault",
    "Loop",
    "PostgresTap",
    "RedisCommand",
    "RedisTap",
    "Reply",
    "Script",
    "StandIn",
    "TcpProxy",
    "at_once",
    "in_turn",
    "problem",
]

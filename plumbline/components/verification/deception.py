"""A light client whose execution node lies: what it is asked meanwhile, and what it makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from plumbline_beacon.genesis import filler_address

from plumbline.components.execution import Execution, Geth
from plumbline.components.light_client import UNVERIFIED, Helios, LightClient
from plumbline.components.verification.further_client import FurtherClient
from plumbline.components.verification.liar import URL, Liar
from plumbline.components.verification.lying_node import LIES
from plumbline.components.verification.oracle import BLOCK_HASHES, HISTORY_SLOTS, Question, comparable
from plumbline.core import wait
from plumbline.kube.rpc import RpcError

RELEASE = "helios-deceived"
_READY_WITHIN_S = 60.0
_EACH = 8  # questions under each lie
# System contracts (EIP-7002, EIP-7251), whose code nothing else here asks for: a light client keeps what it has verified.
_WITHDRAWALS, _CONSOLIDATIONS = (
    "0x00000961Ef480Eb55e80D19ad83579A64c007002",
    "0x0000BBdDc7CE488642fb579F8B00f3a590007251",
)


class Made(StrEnum):
    """What a light client made of a question under a lie."""

    SERVED_TRUE = "the truth, which it could verify"
    REFUSED = "refused: the proof does not hold"
    SERVED_LIE = "an unverified value"
    FAILED = "an error that is not about proofs"


@dataclass(frozen=True)
class Heard:
    """One answer."""

    by: str
    question: Question
    made: Made
    said: str
    truth: str

    def __str__(self) -> str:
        """Tell it as a line."""
        return f"{self.by} answers {self.question} with {self.made}: {self.said} (true: {self.truth})"


@dataclass(frozen=True)
class Deception:
    """The client, the liar, and an honest node."""

    client: FurtherClient
    liar: Liar
    honest: Geth

    @classmethod
    @contextmanager
    def standing(cls, light_client: LightClient, execution: Execution) -> Iterator[Deception]:
        """Have a client that asks a liar, ready, while the block runs."""
        client, flows = FurtherClient(RELEASE, light_client), [*light_client.flows, Liar.egress()]
        client.leave()  # an interrupted run left it
        with Liar.standing(light_client.kube) as liar:
            try:
                client.join(execution={"rpc": URL}, networkPolicy={"egress": flows})
                wait.until(client.ready(), named=f"{RELEASE} ready", within_s=_READY_WITHIN_S)
                yield cls(client, liar, execution.nodes[0])
            finally:
                client.leave()

    def hear(self, questions: Iterable[Question]) -> list[Heard]:
        """Put questions to every pod that serves as the client, and judge the answers by the honest node's."""
        questions = list(questions)
        heard: list[Heard] = []
        with self.honest.direct() as honest:
            truths = [honest.rpc(q.method, *q.params) for q in questions]
        for client in self.client.clients:
            heard += self._judge(client, zip(questions, truths, strict=True))
        return heard

    def _judge(self, client: Helios, expected: Iterable[tuple[Question, object]]) -> Iterator[Heard]:
        with client.direct() as asked:
            for question, result in expected:
                truth = comparable(result, question.about)
                try:
                    said = comparable(asked.rpc(question.method, *question.params), question.about)
                    made = Made.SERVED_TRUE if said == truth else Made.SERVED_LIE
                except RpcError as error:
                    said = error.error["message"]
                    made = Made.REFUSED if error.error["code"] == UNVERIFIED else Made.FAILED
                yield Heard(client.name, question, made, str(said)[:200], str(truth)[:200])

    def questions(self, lie: str, transaction: str) -> list[Question]:
        """Return questions whose answers a lie alters, none of which was asked under another lie.

        Args:
            lie: a key of ``lying_node.LIES``.
            transaction: hash of a transaction with a log.
        """
        number = min(client.head for client in self.client.clients)
        at, mine = hex(number), 100 * (list(LIES).index(lie) + 1)
        accounts = [filler_address(mine + k) for k in range(_EACH)]
        heights = [hex(number - mine // 25 - 10 - k) for k in range(_EACH)]
        slots = [f"0x{(number - 20 - k) % HISTORY_SLOTS:064x}" for k in range(_EACH)]
        included = self.honest.rpc("eth_getTransactionByHash", transaction)["blockNumber"]
        return {
            "balance": [Question("eth_getBalance", (address, at)) for address in accounts],
            "nonce": [Question("eth_getTransactionCount", (address, at)) for address in accounts],
            "code": [Question("eth_getCode", (address, at)) for address in (_WITHDRAWALS, _CONSOLIDATIONS)],
            "storage": [Question("eth_getStorageAt", (BLOCK_HASHES, slot, at)) for slot in slots],
            "proof": [Question("eth_getProof", (address, [], at)) for address in accounts],
            "block": [Question("eth_getBlockByNumber", (height, False), "block") for height in heights],
            "receipt": [
                Question("eth_getTransactionReceipt", (transaction,)),
                Question("eth_getBlockReceipts", (included,)),
            ],
            "logs": [Question("eth_getLogs", ({"fromBlock": included, "toBlock": included},))],
        }[lie]

"""A stand-in for Strimzi's Topic and User Operators: they set the statuses and write the Secrets that the real ones do.

Strimzi's own are in no package. What it says comes from the documentation and sources of Strimzi 1.x.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.support.administrator import Administrator, Object

CLUSTER = "mercato"


@dataclass
class StandIn:
    """`refusals` are reasons by name of a KafkaTopic, `asleep` stops it."""

    admin: Administrator
    namespace: str
    refusals: dict[str, str] = field(default_factory=dict)
    asleep: bool = False

    async def run(self) -> None:
        while True:
            if not self.asleep:
                await self._topics()
                await self._users()
            await asyncio.sleep(0.1)

    async def authority(self, certificate: str) -> None:
        """The certificate authority of the cluster."""
        labels = {"strimzi.io/cluster": CLUSTER, "strimzi.io/kind": "Kafka"}
        await self._secret(f"{CLUSTER}-cluster-ca-cert", labels, {"ca.crt": certificate})

    async def _topics(self) -> None:
        path = f"/apis/kafka.strimzi.io/v1/namespaces/{self.namespace}/kafkatopics"
        for body in await self.admin.items(path):
            reason = self.refusals.get(body["metadata"]["name"])
            condition = {"type": "Ready", "status": "False" if reason else "True"}
            if reason:
                condition |= {"reason": reason, "message": f"the stand-in was told to say {reason}"}
            await self._status(body, "KafkaTopic", condition, {"topicName": body["spec"]["topicName"]})

    async def _users(self) -> None:
        path = f"/apis/kafka.strimzi.io/v1/namespaces/{self.namespace}/kafkausers"
        for body in await self.admin.items(path):
            name = body["metadata"]["name"]
            reference = body["spec"]["authentication"]["password"]["valueFrom"]["secretKeyRef"]
            source = {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": reference["name"], "namespace": self.namespace},
            }
            data = (await self.admin.get(source)).get("data", {})
            if reference["key"] not in data:
                condition = {"type": "NotReady", "status": "True", "reason": "InvalidResourceException"}
                await self._status(body, "KafkaUser", {**condition, "message": "there is no such Secret"}, {})
                continue
            labels = {"strimzi.io/cluster": CLUSTER, "strimzi.io/kind": "KafkaUser"}
            await self._secret(
                name, labels, {"sasl.jaas.config": f"login of {name}"}, {"password": data[reference["key"]]}
            )
            await self._status(
                body, "KafkaUser", {"type": "Ready", "status": "True"}, {"secret": name, "username": name}
            )

    async def _status(self, body: Object, kind: str, condition: Object, more: Object) -> None:
        now = {**condition, "lastTransitionTime": "2026-01-01T00:00:00Z"}
        status = {"observedGeneration": body["metadata"]["generation"], "conditions": [now], **more}
        if body.get("status") == status:
            return
        metadata = {"name": body["metadata"]["name"], "namespace": self.namespace}
        whole = {"apiVersion": "kafka.strimzi.io/v1", "kind": kind, "metadata": metadata, "status": status}
        await self.admin.put(whole, status=True)

    async def _secret(
        self, name: str, labels: dict[str, str], texts: dict[str, str], data: dict[str, str] | None = None
    ) -> None:
        encoded = {key: b64encode(text.encode()).decode() for key, text in texts.items()}
        metadata = {"name": name, "namespace": self.namespace, "labels": labels}
        content = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {**encoded, **(data or {})}}
        await self.admin.put(content)


@asynccontextmanager
async def stand_in(admin: Administrator, namespace: str) -> AsyncIterator[StandIn]:
    """At work until left."""
    made = StandIn(admin, namespace)
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

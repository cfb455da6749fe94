"""The operator's connection to Kafka tells what is wrong in one line, from its first moment on."""

from pathlib import Path

import pytest
from mercato_operator.kafka.connection import Connection, KafkaAdminError


def test_an_authority_that_is_not_there_yet_is_told_and_may_be_tried_again(tmp_path: Path) -> None:
    missing = tmp_path / "ca.crt"
    with pytest.raises(KafkaAdminError, match=r"could not begin to speak to Kafka: .*ca\.crt") as failure:
        Connection("127.0.0.1:1", {"security.protocol": "SSL", "ssl.ca.location": str(missing)})
    assert failure.value.unavailable

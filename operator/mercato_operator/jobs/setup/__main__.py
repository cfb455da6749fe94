"""`python -m mercato_operator.jobs.setup`: makes the Secrets that MERCATO_SECRETS declares in MERCATO_NAMESPACE."""

import sys

import urllib3
from kubernetes import client, config

from mercato_operator.jobs.retrying import retrying
from mercato_operator.jobs.setup.ensure import ensure
from mercato_operator.jobs.setup.values import InvalidDeclarationError, read
from mercato_operator.jobs.variables import MissingVariableError, required

WAIT = 60.0
"""Seconds an API server that does not answer is waited for."""


def main() -> None:
    """Raises SystemExit with one line when it could not be done."""
    try:
        namespace, declared = required("MERCATO_NAMESPACE"), read(required("MERCATO_SECRETS"))
        config.load_incluster_config()
        api = client.CoreV1Api()
        done = retrying(lambda: ensure(api, namespace, declared), urllib3.exceptions.HTTPError, WAIT)
    except (MissingVariableError, InvalidDeclarationError) as error:
        raise SystemExit(f"setup: {error}") from None
    except config.ConfigException as error:
        raise SystemExit(f"setup: it runs in a pod with an account's token only: {error}") from None
    except client.ApiException as error:
        raise SystemExit(
            f"setup: the API server refused ({error.status} {error.reason}): see that the account mercato-setup may "
            f"create Secrets in {namespace}, and get and patch those declared"
        ) from None
    except urllib3.exceptions.HTTPError as error:
        raise SystemExit(f"setup: the API server does not answer: {error}") from None
    sys.stdout.write("".join(f"{line}\n" for line in done or ["setup: all Secrets are there"]))


if __name__ == "__main__":
    main()

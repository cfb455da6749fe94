"""A document, the text under one key of a ConfigMap, as its parts."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from services.config import java_properties, yaml_maps, yaml_nodes
from services.config.activation import Activation, activation
from services.config.broken import BrokenDocumentError
from services.config.scalars import Properties, Scalar
from services.config.yaml_scalars import TAG

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """What one part of a document says, and when."""

    properties: Properties
    activation: Activation


def parts_of(suffix: str, text: str, *, for_profile: bool = False) -> list[Part]:
    """The parts of a document in its order, `suffix` being `yaml`, `yml` or `properties`.

    Raises BrokenDocumentError, whatever is wrong: what one document does must not reach another.
    """
    try:
        return [Part(each, activation(each, for_profile=for_profile)) for each in _read(suffix, text)]
    except BrokenDocumentError:
        raise
    except RecursionError:
        raise BrokenDocumentError("it is nested too deep") from None
    except Exception as error:
        log.exception("a document cannot be read for a reason that nobody thought of")
        raise BrokenDocumentError(f"it cannot be read ({type(error).__name__})") from None


def _read(suffix: str, text: str) -> list[Mapping[str, Scalar]]:
    if suffix == "properties":
        found: list[Mapping[str, Scalar]] = [*java_properties.parts(text)]
        for properties in found:
            if any(len(key) > yaml_maps.MAX_NAME for key in properties):
                raise BrokenDocumentError(f"a property's name has more than {yaml_maps.MAX_NAME} characters")
        return found
    return [yaml_maps.flat(root) for root in yaml_nodes.documents(text) if not _says_nothing(root)]


def _says_nothing(root: yaml_nodes.Node) -> bool:
    return isinstance(root, yaml_nodes.Scalar) and (not root.text or root.tag == f"{TAG}null")

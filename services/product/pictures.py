"""Draws a product's picture: the same product always looks the same, and each category has its own light."""

from hashlib import blake2s
from html import escape

from services.product.catalog import motif_of
from services.product.motifs import MOTIFS, PARCEL

# The hue of a category's background, in degrees.
_BACKGROUNDS = {"kitchen": 28, "lighting": 48, "plants": 130, "stationery": 350, "audio": 265, "travel": 200}


def draw(sku: str, name: str, category: str) -> bytes:
    """An SVG document of about 2 kB, in UTF-8."""
    seed = blake2s(sku.encode(), digest_size=4).digest()
    hue, size, sun = seed[0] * 360 // 256, 0.9 + seed[1] / 1280, 60 + seed[2]
    backdrop = _BACKGROUNDS.get(category, int.from_bytes(blake2s(category.encode(), digest_size=2).digest()) % 360)
    drawing = MOTIFS.get(motif_of(sku), PARCEL).format(
        main=f"hsl({hue} 52% 52%)",
        dark=f"hsl({hue} 48% 33%)",
        light=f"hsl({hue} 62% 76%)",
        accent=f"hsl({(hue + 150) % 360} 60% 58%)",
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img">'
        f"<title>{escape(name)}</title>"
        f'<defs><linearGradient id="b" x2="0" y2="1"><stop stop-color="hsl({backdrop} 70% 94%)"/>'
        f'<stop offset="1" stop-color="hsl({backdrop} 52% 80%)"/></linearGradient></defs>'
        '<rect width="400" height="400" fill="url(#b)"/>'
        f'<circle cx="{sun}" cy="{110 + seed[3] // 4}" r="92" fill="#fff" opacity=".35"/>'
        f'<path d="M0 310q200-34 400 0v90H0z" fill="hsl({backdrop} 40% 70%)"/>'
        '<ellipse cx="200" cy="313" rx="125" ry="15" opacity=".16"/>'
        f'<g transform="translate(200 310) scale({size:.3f}) translate(-200 -310)" stroke-linecap="round" '
        f'stroke-linejoin="round">{drawing}</g></svg>\n'
    ).encode()

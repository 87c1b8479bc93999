"""Make the plugin's fonts, plugin/assets/Inter-*.otf, from the full Inter fonts.

Usage: python tools/subset_inter.py FOLDER
with Inter-Regular.otf and Inter-Medium.otf in FOLDER (Debian: package fonts-inter, folder
/usr/share/fonts/opentype/inter). Needs fonttools. The letters of the Latin, Greek and Cyrillic
scripts are kept. Digits are replaced by those of equal width, so that values do not jitter while
they change.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

WEIGHTS = ("Regular", "Medium")
RANGES = (
    "0020-007E,00A0-017F,0370-03FF,0400-045F,2010-2027,2030-203A,20AC,2122,2190-2193,"
    "2202,2206,2212,221E,2248,2260,2264,2265,25B2-25BE,266D,266F"
)


def equal_width_figures(font: TTFont) -> None:
    """Map digits to the glyphs that the OpenType feature `tnum` would choose."""
    table = font["GSUB"].table
    chosen: dict[str, str] = {}
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag != "tnum":
            continue
        for index in record.Feature.LookupListIndex:
            for step in table.LookupList.Lookup[index].SubTable:
                chosen |= getattr(getattr(step, "ExtSubTable", step), "mapping", {})
    for characters in font["cmap"].tables:
        for code in map(ord, "0123456789+-.,"):
            if code in characters.cmap:
                glyph = characters.cmap[code]
                characters.cmap[code] = chosen.get(glyph, glyph)


def main() -> None:
    """Write both fonts."""
    source = Path(sys.argv[1])
    target = Path(__file__).parent.parent / "plugin" / "assets"
    options = subset.Options(
        layout_features=["kern", "ccmp", "mark", "mkmk", "locl"], hinting=False
    )
    for weight in WEIGHTS:
        font = subset.load_font(str(source / f"Inter-{weight}.otf"), options)
        equal_width_figures(font)
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=subset.parse_unicodes(RANGES))
        subsetter.subset(font)
        subset.save_font(font, str(target / f"Inter-{weight}.otf"), options)


if __name__ == "__main__":
    main()

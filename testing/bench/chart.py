"""chart.py - what every page has in common: plotly's figures in one self-contained file, light or dark as the reader's screen."""
import html

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --rule: #d0d7de; --good: #1a7f37; --bad: #cf222e; --soft: #f3f5f7; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --paper: #0d1117; --rule: #30363d; --good: #3fb950; --bad: #ff7b72; --soft: #161b22; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto; max-width: 1200px; padding: 12px; box-sizing: border-box; }
h1 { font-size: 1.5em; } h2 { font-size: 1.2em; margin-top: 2em; }
"""


def html_page(title, figure, style="", before="", after=""):
    """A page with one plotly figure, the library within it."""
    from plotly.io import to_html
    body = to_html(figure, include_plotlyjs=True, full_html=False, config={"responsive": True, "displaylogo": False})
    return document(title, before + body + after, style)


def document(title, body, style=""):
    return (f"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
            f"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
            f"<title>{html.escape(title)}</title><style>{STYLE}{style}</style></head>\n<body>{body}</body></html>\n")

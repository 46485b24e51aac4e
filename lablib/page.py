"""A dashboard as a page of HTML that needs no server and no network."""

from __future__ import annotations

from datetime import datetime
from html import escape
from string import Template
from typing import TYPE_CHECKING

from lablib.live import image
from lablib.prometheus import Prometheus

if TYPE_CHECKING:
    from lablib.dashboards import Dashboard

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>$title</title>
<style>
  :root { color-scheme: light dark; --paper: #fff; --ink: #222; --quiet: #595959; --card: #f5f5f5; }
  @media (prefers-color-scheme: dark) {
    :root { --paper: #181818; --ink: #e8e8e8; --quiet: #b0b0b0; --card: #262626; }
  }
  body { background: var(--paper); color: var(--ink); font: 15px/1.45 system-ui, sans-serif;
         max-width: 80rem; margin: 1.5rem auto; padding: 0 1rem; }
  h1 { font-size: 1.5rem; margin: 0; }
  p { color: var(--quiet); margin: .2rem 0 1rem; }
  main { display: grid; grid-template-columns: repeat(24, 1fr); gap: .7rem; align-items: start; }
  figure { margin: 0; background: var(--card); border-radius: 4px; overflow: hidden; height: 100%; }
  img { background: #fff; }
  figcaption { padding: .4rem .6rem .5rem; font-size: .85rem; color: var(--quiet); }
  @media (max-width: 50rem) {
    main { grid-template-columns: 1fr 1fr; }
    figure { grid-column: span 2 !important; }
    figure.small { grid-column: auto !important; }
  }
  @media print { figure { break-inside: avoid; } }
</style>
</head>
<body>
<h1>$title</h1>
<p>The last $minutes minutes, as of $now. $source</p>
<main>
$figures
</main>
</body>
</html>
""")


def page(dashboard: Dashboard, prometheus: Prometheus, minutes: float) -> str:
    """Return the page: each panel as a picture, below it what good looks like."""
    figures = "\n".join(
        f'<figure class="{"small" if panel.width <= 4 else "large"}" style="grid-column: span '
        f'{panel.width}">{image(panel, prometheus, minutes)}'
        f"<figcaption>{escape(panel.description)}</figcaption></figure>"
        for panel in dashboard.panels
    )
    return _PAGE.substitute(
        title=escape(dashboard.title),
        minutes=f"{minutes:g}",
        now=f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S %Z}",
        source=f"Asked: Prometheus at {escape(prometheus.url)}.",
        figures=figures,
    )

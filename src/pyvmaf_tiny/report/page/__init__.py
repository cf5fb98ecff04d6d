"""The HTML page: ``html.py`` puts it together, ``page.css`` and ``page.js`` go into it."""

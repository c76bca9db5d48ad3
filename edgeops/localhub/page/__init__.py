"""The web page of the local hub, at `/` of its HTTPS port."""

from edgeops.localhub.page.checkout import Checkout
from edgeops.localhub.page.pages import HubPage
from edgeops.localhub.page.routes import LINKS, PAGE_ROUTES, add_page

__all__ = ["LINKS", "PAGE_ROUTES", "Checkout", "HubPage", "add_page"]

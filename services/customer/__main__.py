"""`python -m services.customer [serve|migrate]`."""

from services.chassis.run import main
from services.customer.app import build
from services.customer.settings import CustomerSettings

main(CustomerSettings, build)

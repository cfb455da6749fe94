from services.chassis.run import main
from services.order.app import build
from services.order.settings import OrderSettings

main(OrderSettings, build, tables=("messaging", "idempotency"))

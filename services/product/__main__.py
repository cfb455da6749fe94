from services.chassis.run import main
from services.product.app import build
from services.product.settings import ProductSettings

main(ProductSettings, build, tables=["messaging", "idempotency"])

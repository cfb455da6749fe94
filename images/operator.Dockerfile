# The operator, and the platform's Jobs: secrets, databases, topics, the smoke test. The arguments are the module:
# mercato_operator.operator, mercato_operator.jobs.setup. It holds the chassis, and the definitions that the operator applies.
# It stands on the layers of the services that speak to the API server.
ARG PYTHON_IMAGE=python:3.13-slim
ARG BUILD_IMAGE=${PYTHON_IMAGE}
# The shared layer is the stage on-kubernetes below, or an image made before whose name is ${BELOW}kubernetes${AT}.
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

FROM tools AS kubernetes
COPY requirements/web.txt requirements/kubernetes.txt /locks/
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=secret,id=pip --mount=type=secret,id=ca \
    /tools/bin/python /tools/install.py /locks kubernetes --on web

FROM tools AS own
COPY requirements/web.txt requirements/kubernetes.txt requirements/operator.txt /locks/
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=secret,id=pip --mount=type=secret,id=ca \
    /tools/bin/python /tools/install.py /locks operator --on kubernetes

FROM tools AS code
COPY services/__init__.py /app/services/
COPY services/chassis /app/services/chassis
COPY operator/crds /app/crds
COPY operator/mercato_operator /app/mercato_operator
RUN /tools/bin/python /tools/install.py --compile /app

FROM ${PYTHON_IMAGE} AS bare
RUN rm -rf /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip /usr/local/bin/pip* \
    && echo 'mercato:x:65532:65532::/app:/usr/sbin/nologin' >>/etc/passwd && echo 'mercato:x:65532:' >>/etc/group

FROM bare AS on-web
COPY --from=web /lib-image /opt/mercato

FROM on-web AS on-kubernetes
COPY --from=kubernetes /lib-image /opt/mercato

FROM ${BELOW}kubernetes${AT}
COPY --from=own /lib-image /opt/mercato
COPY --from=code /app /app
ENV PYTHONPATH=/app:/opt/mercato PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /app
EXPOSE 8080 9090
USER 65532:65532
ENTRYPOINT ["python", "-m"]

# Any Python service: build with the repository as context, --build-arg SERVICE=order (and ON, FOLDER, see below).
# The image holds the service's lock, the chassis and the service's own folder, and nothing to build with.
# Why layers as they are: docs/decisions/0012-images.md.
ARG PYTHON_IMAGE=python:3.13-slim
# Needs `python3 -m venv` with pip; nothing of it reaches the image.
ARG BUILD_IMAGE=${PYTHON_IMAGE}
# The shared layer of libraries the service's own go on top of: web; database, and messaging above it; or kubernetes.
ARG ON=web
# That layer is the stage on-${ON} below, or an image made before whose name is ${BELOW}${ON}${AT}.
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

FROM tools AS kubernetes
COPY requirements/web.txt requirements/kubernetes.txt /locks/
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=secret,id=pip --mount=type=secret,id=ca \
    /tools/bin/python /tools/install.py /locks kubernetes --on web

FROM tools AS own
COPY requirements/web.txt requirements/database.txt requirements/messaging.txt requirements/kubernetes.txt /locks/
ARG SERVICE
ARG ON
COPY requirements/${SERVICE}.txt /locks/
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=secret,id=pip --mount=type=secret,id=ca \
    /tools/bin/python /tools/install.py /locks ${SERVICE} --on ${ON}

FROM tools AS code
COPY services/__init__.py /app/services/
COPY services/chassis /app/services/chassis
ARG SERVICE
# `services`, or `tryout` for the parts for trying out.
ARG FOLDER=services
COPY ${FOLDER}/__init__.py /app/${FOLDER}/
COPY ${FOLDER}/${SERVICE} /app/${FOLDER}/${SERVICE}
# `python /app` runs __main__.py; `python -m services.<name>` works there as well.
RUN printf 'import runpy\n\nrunpy.run_module("%s", run_name="__main__", alter_sys=True)\n' ${FOLDER}.${SERVICE} >/app/__main__.py \
    && /tools/bin/python /tools/install.py --compile /app

FROM ${PYTHON_IMAGE} AS bare
RUN rm -rf /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip /usr/local/bin/pip* \
    && echo 'mercato:x:65532:65532::/app:/usr/sbin/nologin' >>/etc/passwd && echo 'mercato:x:65532:' >>/etc/group

FROM bare AS on-web
COPY --from=web /lib-image /opt/mercato

FROM on-web AS on-database
COPY --from=database /lib-image /opt/mercato

FROM on-database AS on-messaging
COPY --from=messaging /lib-image /opt/mercato

FROM on-web AS on-kubernetes
COPY --from=kubernetes /lib-image /opt/mercato

FROM ${BELOW}${ON}${AT} AS run
# The bytecode is there already, and the root file system may be read-only.
ENV PYTHONPATH=/app:/opt/mercato PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /app
USER 65532:65532
EXPOSE 8080 9090
ENTRYPOINT ["python", "/app"]
CMD ["serve"]
# What differs between services comes last: all before is built once.
COPY --from=own /lib-image /opt/mercato
COPY --from=code /app /app

# For `skaffold dev` only: files that change in the pod start the service again.
FROM run AS develop
COPY images/reload.py /opt/develop/
ENTRYPOINT ["python", "/opt/develop/reload.py"]

FROM run

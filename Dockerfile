# livevision in a container: read-only root, no root user, no compiler, all data in /data.
#
#   docker build -t livevision .
#   docker run --rm --read-only --tmpfs /tmp -v livevision:/data -p 127.0.0.1:8765:8765 livevision
#   docker run --rm --read-only --tmpfs /tmp -v livevision:/data --device /dev/video0 \
#       --group-add video livevision livevision run 0 --no-window
#
# docs/fleet.md tells more; compose.yaml starts a page and a site of cameras with a broker.

FROM python:3.11-slim-bookworm AS build
ENV UV_PROJECT_ENVIRONMENT=/opt/livevision UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never \
    UV_COMPILE_BYTECODE=1
RUN pip install --no-cache-dir "uv>=0.9,<1"
WORKDIR /src
COPY pyproject.toml uv.lock README.md LICENSE NOTICE ./
COPY models models
COPY recordings recordings
COPY livevision livevision
# the networks of hands and faces come with mediapipe's wheel, all others with livevision
RUN uv sync --frozen --no-dev --no-editable --extra serve --extra mqtt

FROM python:3.11-slim-bookworm
# what OpenCV needs of the system; versions are the distribution's own security updates
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 livevision \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp livevision \
    && install -d -o livevision -g livevision -m 700 /data
COPY --from=build /opt/livevision /opt/livevision
ENV PATH=/opt/livevision/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 \
    LIVEVISION_DATA=/data/private LIVEVISION_CONFIG=/data/settings.toml \
    RUNTIME_DIRECTORY=/tmp/livevision
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8765/api/health', timeout=4)"]
CMD ["livevision", "serve", "--bind", "0.0.0.0"]

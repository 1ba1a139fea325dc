# One image for every process; the command says which. Runs as a user without rights, on a read-only file system.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --require-hashes -r requirements.txt

FROM python:3.11-slim-bookworm AS collect
COPY --from=build /venv /venv
WORKDIR /app
COPY . .
RUN COLLAB_DATA_DIR=/tmp/collect /venv/bin/python manage.py compile_messages \
    && COLLAB_DATA_DIR=/tmp/collect COLLAB_STATIC_ROOT=/app/static-collected \
       /venv/bin/python manage.py collectstatic --noinput \
    && rm -rf /tmp/collect tests bench

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    COLLAB_ENV=production COLLAB_DATA_DIR=/data COLLAB_STATIC_ROOT=/app/static-collected
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin collab \
    && install -d -o collab -g collab -m 0700 /data && install -d -o collab -g collab -m 0755 /srv/static
COPY --from=build /venv /venv
COPY --from=collect --chown=root:root /app /app
WORKDIR /app
USER 10001:10001
VOLUME ["/data"]
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "collab.wsgi:application"]

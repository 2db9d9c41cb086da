# The kit in an image: Python, dbt, the AWS CLI, the local AWS and everything `make` needs. Pulumi's CLI is not in it; the
# embedded engine is.
#
#   docker build -t lakelab .
#   docker run --rm -it -p 127.0.0.1:4566:4566 lakelab make up-local

FROM python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254 AS packages
WORKDIR /opt/lakelab
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY lakelab ./lakelab
# the uv that the lock file names makes the environment; nothing outside the lock file gets in
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir "$(grep -oE '^uv==[^ ]+' requirements.lock)" \
    && .venv/bin/uv pip sync --no-cache --python .venv/bin/python --require-hashes requirements.lock \
    && .venv/bin/uv pip install --no-cache --python .venv/bin/python --no-deps --no-build-isolation --editable . \
    && touch .venv/.ready

FROM python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 lakelab \
    && install --directory --owner lakelab /opt/lakelab
WORKDIR /opt/lakelab
COPY --from=packages --chown=lakelab /opt/lakelab/.venv ./.venv
COPY --chown=lakelab . .
# newer than what make compares it with, so that `make` does not set up again
RUN touch .venv/.ready && chown lakelab .venv/.ready
USER lakelab
ENV PATH="/opt/lakelab/.venv/bin:$PATH" PYTHONUNBUFFERED=1
EXPOSE 4566
CMD ["lakelab", "--help"]

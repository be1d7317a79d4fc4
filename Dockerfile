# A class in a container: docs/deploy.md
FROM debian:bookworm-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/lab
ARG REQUIREMENTS=requirements.txt
COPY requirements.txt requirements-gpu.txt constraints.txt ./
RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r $REQUIREMENTS -c constraints.txt

COPY assets assets
COPY core core
COPY dashboard dashboard
COPY pages pages

# The home folder outlives the container; nothing runs as root.
RUN useradd --create-home --uid 1000 lab && install --directory --owner=lab --mode=700 /home/lab/.backbone-lab
USER lab
VOLUME /home/lab/.backbone-lab

ENV PATH=/opt/venv/bin:$PATH BACKBONE_LAB_MODE=class PYTHONMALLOC=malloc GLIBC_TUNABLES=glibc.malloc.hugetlb=1
EXPOSE 8501
HEALTHCHECK --start-period=60s CMD python3 -c "from urllib.request import urlopen; \
    urlopen('http://127.0.0.1:8501${STREAMLIT_SERVER_BASE_URL_PATH:+/$STREAMLIT_SERVER_BASE_URL_PATH}/_stcore/health', timeout=5)"
CMD ["streamlit", "run", "dashboard/app.py", "--server.address=0.0.0.0", "--server.headless=true"]

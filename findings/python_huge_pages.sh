#!/usr/bin/env bash
# Python's own allocator gets no huge pages where Linux gives them on request; malloc gets them once glibc is told to ask.
#
# Seen with Python 3.11, glibc 2.36 and transparent huge pages set to `madvise`, Debian's default: of half a million small
# lists nothing lies in huge pages. With PYTHONMALLOC=malloc and glibc.malloc.hugetlb=1 (glibc 2.35 or later) nearly all
# does. In a virtual machine the garbage collector, which touches every object while all threads wait, was 3 to 60 times
# as fast with them. Setting only one of the two variables gives none.
set -euo pipefail
if ! grep -qs '\[madvise\]' /sys/kernel/mm/transparent_hugepage/enabled; then
    echo "Transparent huge pages are not set to madvise here: nothing to see"
    exit 0
fi
in_huge_pages() {
    env "$@" python3 -c '
import re
kept = [[each] for each in range(500_000)]
print(sum(map(int, re.findall(r"AnonHugePages: +([0-9]+)", open("/proc/self/smaps").read()))))'
}
own=$(in_huge_pages PYTHONMALLOC=pymalloc)
told=$(in_huge_pages PYTHONMALLOC=pymalloc GLIBC_TUNABLES=glibc.malloc.hugetlb=1)
malloc=$(in_huge_pages PYTHONMALLOC=malloc)
both=$(in_huge_pages PYTHONMALLOC=malloc GLIBC_TUNABLES=glibc.malloc.hugetlb=1)
echo "$(python3 --version), $(ldd --version | head -1), kB in huge pages: own allocator $own, with the tunable $told, malloc $malloc, malloc with the tunable $both"
[ "$own" -eq 0 ] && [ "$malloc" -eq 0 ] && [ "$told" -lt 10000 ] && [ "$both" -gt 20000 ]

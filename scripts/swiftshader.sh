#!/usr/bin/env bash
# Unpacks SwiftShader, a Vulkan driver that computes on the processor, and a Vulkan loader from Debian's chromium-common into
# FOLDER; nothing is installed. Prints the lines that make programs use them:
#
#   eval "$(scripts/swiftshader.sh FOLDER)"
#
# Ends with code 1 and one line on stderr where the package cannot be had.
set -euo pipefail
folder=${1:?usage: scripts/swiftshader.sh FOLDER}

absent() { echo "swiftshader: $1" >&2; exit 1; }

files=(vk_swiftshader_icd.json libvk_swiftshader.so libvulkan.so.1)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
if [[ ! -e $folder/${files[0]} ]]; then
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || absent 'not a Debian system'
  unpacked=$(mktemp -d)
  trap 'rm -rf "$unpacked"' EXIT
  cd "$unpacked"
  download() { apt-get download chromium-common >apt.log 2>&1; }
  download || { apt-get update >apt.log 2>&1 && download; } || absent 'apt-get download chromium-common failed'
  dpkg-deb --fsys-tarfile chromium-common_*.deb |
    tar -x -C "$folder" --strip-components=4 "${files[@]/#/./usr/lib/chromium/}" 2>apt.log ||
    absent 'chromium-common has no SwiftShader'
fi
printf 'export VK_DRIVER_FILES=%q\n' "$folder/${files[0]}"
printf 'export LD_LIBRARY_PATH=%q\n' "$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"

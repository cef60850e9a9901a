"""Files and folders on disks that fill up, fail, are shared or change under the reader."""

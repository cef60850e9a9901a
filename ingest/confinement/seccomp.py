"""A filter of system calls (Linux, seccomp): what reading a document never needs is refused with EPERM.

Numbers are those of arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import sys

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_NEW_NAMESPACES = 0x7E020000  # of clone: mount, cgroup, UTS, IPC, user, process and network
_X32 = 0x40000000  # a second set of numbers on x86-64
_CLONE3 = 435  # its flags stand behind a pointer; without it libraries take clone

_REFUSED: dict[str, tuple[int, int]] = {
    # network
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201), "accept": (43, 202),
    "accept4": (288, 242),
    # other programs and processes
    "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "kcmp": (312, 272), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424), "process_madvise": (440, 440),
    # names of files: their modes, owners, times and attributes; and ways to files round their names
    "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, -1),
    "fchown": (93, 55), "lchown": (94, -1), "fchownat": (260, 54), "utime": (132, -1), "utimes": (235, -1),
    "utimensat": (280, 88), "futimesat": (261, -1), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "quotactl": (179, 60),
    # namespaces and mounts
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    # keys, shared memory and messages of others
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "shmget": (29, 194),
    "shmat": (30, 196), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    # doors into the kernel that held many of its holes
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "personality": (135, 92),
    "modify_ldt": (154, -1), "iopl": (172, -1), "ioperm": (173, -1), "syslog": (103, 116),
    # the machine itself
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "acct": (163, 89), "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171),
    "clock_adjtime": (305, 266), "sethostname": (170, 161), "setdomainname": (171, 162),
}  # fmt: skip
"""By name the number on x86-64 and on 64-bit ARM, -1 where there is none."""
_ARCHITECTURES = {"x86_64": (0, 0xC000003E, 56), "aarch64": (1, 0xC00000B7, 220)}
"""Column of the table, the kernel's name for the architecture, and the number of clone."""


class _Instruction(ctypes.Structure):
    _fields_ = [
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    ]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction))]


def refuse_system_calls() -> str:
    """Refuse them in this process and those it begins, for good; "" when done, else why not."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _ARCHITECTURES:
        return f"no filter for {sys.platform} on {machine}"
    instructions = _filter(*_ARCHITECTURES[machine])
    array = (_Instruction * len(instructions))(*instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(instructions), array)
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0):
        return os.strerror(ctypes.get_errno())
    return ""


def _filter(column: int, architecture: int, clone: int) -> list[_Instruction]:
    """A classic BPF program; jumps count the instructions that they leave out."""
    numbers = sorted({numbers[column] for numbers in _REFUSED.values()} - {-1})
    refuse = _ERROR | errno.EPERM
    return [
        _Instruction(_LOAD, 0, 0, _ARCHITECTURE_AT),
        _Instruction(_JUMP_EQUAL, 1, 0, architecture),
        _Instruction(_RETURN, 0, 0, _KILL),
        _Instruction(_LOAD, 0, 0, _NUMBER_AT),
        _Instruction(_JUMP_AT_LEAST, 0, 1, _X32),
        _Instruction(_RETURN, 0, 0, refuse),
        _Instruction(_JUMP_EQUAL, 0, 1, _CLONE3),
        _Instruction(_RETURN, 0, 0, _ERROR | errno.ENOSYS),
        *(
            _Instruction(_JUMP_EQUAL, len(numbers) - place + 3, 0, number)
            for place, number in enumerate(numbers)
        ),
        _Instruction(_JUMP_EQUAL, 0, 2, clone),
        _Instruction(_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        _Instruction(_JUMP_ANY_BIT, 1, 0, _NEW_NAMESPACES),
        _Instruction(_RETURN, 0, 0, _ALLOW),
        _Instruction(_RETURN, 0, 0, refuse),
    ]

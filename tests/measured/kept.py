"""Instrumented code that one process keeps for all others, since making it takes each about a second of the processor.

Python can't write SlipCover's probes to a file. So each is kept as the line or branch that it stands for.
"""

from types import CodeType
from typing import Any

from slipcover import Slipcover, probe
from slipcover.bytecode import Editor


def at_rest(measuring: Slipcover, code: CodeType) -> tuple[Any, ...]:
    """Return what `marshal` can write of a module's code that `measuring` has just instrumented."""
    return (
        sorted(measuring.code_lines[code.co_filename]),
        sorted(measuring.code_branches[code.co_filename]),
        _out(measuring, code),
    )


def instrumented(measuring: Slipcover, kept: tuple[Any, ...]) -> CodeType:
    """Return the code again, with probes of `measuring`, as if that had instrumented it."""
    lines, branches, told = kept
    code = _with_probes(measuring, told)
    measuring.code_lines[code.co_filename].update(lines)
    measuring.code_branches[code.co_filename].update(branches)
    measuring.instrumented[code.co_filename].add(code)
    return code


def _out(measuring: Slipcover, code: CodeType) -> tuple[Any, ...]:
    editor, index = Editor(code), measuring.code2index[code]
    labels = {editor.get_inserted_function(offset)[1]: label for offset, label in index}
    signals = [at for at, one in enumerate(code.co_consts) if one is probe.signal]
    nested = {at: _out(measuring, one) for at, one in enumerate(code.co_consts) if isinstance(one, CodeType)}
    replaced = {*labels, *signals, *nested}
    consts = tuple(None if at in replaced else one for at, one in enumerate(code.co_consts))
    return code.replace(co_consts=consts), index, labels, signals, nested


def _with_probes(measuring: Slipcover, told: tuple[Any, ...]) -> CodeType:
    code, index, labels, signals, nested = told
    consts = list(code.co_consts)
    for at, label in labels.items():
        consts[at] = probe.new(measuring, code.co_filename, label, measuring.d_miss_threshold)
    for at in signals:
        consts[at] = probe.signal
    for at, one in nested.items():
        consts[at] = _with_probes(measuring, one)
    made: CodeType = code.replace(co_consts=tuple(consts))
    measuring.code2index[made] = index
    return made

"""Trains one network: the loop, its checkpoints, and the best weights.

The loop is not that of Keras, since a checkpoint must have its whole state: an interrupted run
continues and ends with exactly the weights of an uninterrupted one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeops.jsonvalue import JsonObject
from edgeops.training.arrays_file import read_arrays, write_arrays
from edgeops.training.context_dropout import hidden, hidden_from, share_of
from edgeops.training.fitted import Fitted
from edgeops.training.loss import error_of, loss_of, truth, wape_of
from edgeops.training.network import Network, build, scaling_of
from edgeops.training.recipe import TrainingSection
from edgeops.training.training_data import Examples, FloatTensor, Job, Schedule, TrainingData

_PREDICT_BATCH = 2048
_CONTEXT = 1  # makes what is hidden independent of the order of the windows

Tick = Callable[[int, int], None]


@dataclass(slots=True)
class _TrainingRun:
    """The state of a training, all of which is in a checkpoint."""

    model: Any
    epoch: int = 0
    average: list[FloatTensor] = field(default_factory=list)
    best: list[FloatTensor] = field(default_factory=list)
    history: list[float] = field(default_factory=list)
    wapes: list[float] = field(default_factory=list)


def fit(
    job: Job,
    network: Network,
    training: TrainingSection,
    training_data: TrainingData,
    checkpoint: Path | None,
    tick: Tick,
) -> Fitted:
    """Train a network, stage after stage; gives the weights with the lowest validation error.

    `network` has all steps ahead; `checkpoint` is read at the start and written
    after every epoch; `tick` gets the batches done and their total. The feature
    scaling is that of the last stage.
    """
    import keras

    keras.utils.set_random_seed(job.seed)
    training_data = training_data.of(job)
    last = training_data.stages[-1].data
    scaling = scaling_of(last.windows, network.features, network.section.least_deviation)
    dropout = share_of(training.context_dropout, network.features)
    run = _TrainingRun(build(replace(network, steps_ahead=job.steps_ahead), scaling))
    schedule = Schedule(training_data.stages, training.batch)
    _restore(run, schedule, training, network.quantiles, checkpoint)
    run.average = run.average or _trainable(run.model)
    while run.epoch < len(schedule.epochs):
        epoch = schedule.epochs[run.epoch]
        data = epoch.stage.data
        order = _shuffled(len(data.windows), schedule.batch, job.seed, run.epoch)
        windows = _seen(training_data, data.windows, dropout, (job.seed, run.epoch))
        for number, rows in enumerate(islice(order, epoch.steps), start=1):
            run.model.train_on_batch(windows(rows), truth(data, rows))
            _follow(run, training.ema)
            tick(epoch.done + number, schedule.steps)
        _judge(run, training, network.quantiles, training_data.validation)
        run.epoch += 1
        if run.epoch < len(schedule.epochs) and schedule.epochs[run.epoch].begins:
            _assign(run.model, run.average)
            _compile(run.model, training, network.quantiles, schedule, run.epoch)
        _save(run, checkpoint)
    _assign(run.model, run.best)
    weights = {variable.path: _array(variable) for variable in run.model.trainable_variables}
    return Fitted(job, weights, scaling, tuple(run.history), tuple(run.wapes))


def _compile(
    model: Any,
    training: TrainingSection,
    quantiles: Sequence[float],
    schedule: Schedule,
    epoch: int,
) -> None:
    """Compile the model with an optimiser for the stage of an epoch."""
    import keras

    stage = schedule.epochs[epoch].stage
    rate: Any = float(stage.learning_rate)  # Keras does not accept an integer
    if training.schedule == "cosine":
        steps = schedule.steps_of(stage)
        warmup = round(steps * training.warmup)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else rate,
            max(1, steps - warmup),
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    optimizer = keras.optimizers.AdamW(
        rate,
        weight_decay=training.weight_decay,
        global_clipnorm=training.clip_norm,
    )
    model.compile(optimizer, loss_of(training.loss, quantiles, training.relative))
    optimizer.build(model.trainable_variables)


def _judge(
    run: _TrainingRun, training: TrainingSection, quantiles: Sequence[float], validation: Examples
) -> None:
    """Append the validation error of the averaged weights, and keep the best weights."""
    raw = _trainable(run.model)
    _assign(run.model, run.average)
    output = run.model.predict(validation.windows, batch_size=_PREDICT_BATCH, verbose=0)
    output = np.asarray(output, np.float64)
    error = error_of(training, quantiles, validation, output)
    if not run.history or error < min(run.history) or training.restore_best == "none":
        run.best = run.average
    run.history.append(error)
    run.wapes.append(wape_of(quantiles, validation, output))
    _assign(run.model, raw)


# --- state ----------------------------------------------------------------------------


def _shuffled(count: int, batch: int, seed: int, epoch: int) -> Iterator[NDArray[np.int64]]:
    order = np.random.default_rng((seed, epoch)).permutation(count)
    return (order[start : start + batch] for start in range(0, count, batch))


def _seen(
    training_data: TrainingData, every: FloatTensor, dropout: float, seed: tuple[int, int]
) -> Callable[[NDArray[np.int64]], FloatTensor]:
    """Gives the windows of some rows as an epoch sees them."""
    if not (dropout and training_data.context):
        return lambda rows: every[rows]
    first = hidden_from(len(every), every.shape[1], dropout, (*seed, _CONTEXT))
    return lambda rows: hidden(every[rows], first[rows], training_data.context)


def _trainable(model: Any) -> list[FloatTensor]:
    return [_array(variable) for variable in model.trainable_variables]


def _array(variable: Any) -> NDArray[Any]:
    from keras import ops

    return np.array(ops.convert_to_numpy(variable))


def _assign(model: Any, values: Sequence[FloatTensor]) -> None:
    for variable, value in zip(model.trainable_variables, values, strict=True):
        variable.assign(value)


def _follow(run: _TrainingRun, momentum: float) -> None:
    """Update the moving average of the weights (Polyak averaging)."""
    newest = _trainable(run.model)
    share = np.float32(momentum)
    run.average = [
        share * old + (1 - share) * new for old, new in zip(run.average, newest, strict=True)
    ]


def _state(run: _TrainingRun) -> list[Any]:
    """Every variable that training changes, including the random state of dropout."""
    return [*run.model.variables, *run.model.optimizer.variables]


def _notes(run: _TrainingRun) -> JsonObject:
    return {"epoch": run.epoch, "history": run.history, "wapes": run.wapes}


def _save(run: _TrainingRun, checkpoint: Path | None) -> None:
    if checkpoint is not None:
        arrays = {f"state/{i}": _array(variable) for i, variable in enumerate(_state(run))}
        arrays |= {f"average/{i}": weights for i, weights in enumerate(run.average)}
        arrays |= {f"best/{i}": weights for i, weights in enumerate(run.best)}
        write_arrays(checkpoint, arrays, _notes(run))


def _restore(
    run: _TrainingRun,
    schedule: Schedule,
    training: TrainingSection,
    quantiles: Sequence[float],
    checkpoint: Path | None,
) -> None:
    """Restore the state of a checkpoint, if there is one, and compile the model."""
    saved = read_arrays(checkpoint) if checkpoint is not None else None
    arrays, notes = saved or ({}, _notes(run))
    run.epoch, run.history, run.wapes = notes["epoch"], notes["history"], notes["wapes"]
    _compile(run.model, training, quantiles, schedule, min(run.epoch, len(schedule.epochs) - 1))
    if saved is None:
        return
    for index, variable in enumerate(_state(run)):
        variable.assign(arrays[f"state/{index}"])
    count = len(run.model.trainable_variables)
    run.average = [arrays[f"average/{index}"] for index in range(count)]
    run.best = [arrays[f"best/{index}"] for index in range(count)]

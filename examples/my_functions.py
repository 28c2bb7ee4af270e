"""A schedule and a reward, as examples/own-schedule.yaml names them."""

LONGEST = 600  # characters


def root(step: int, total: int) -> float:
    """g(t) = sqrt(t / T): the bonus grows early."""
    return (step / total) ** 0.5


def brevity(completions, **kwargs) -> list[float]:
    """In TRL's form: 1 for an empty completion, 0 from LONGEST characters on. Each is a list of messages."""
    lengths = [sum(len(message["content"]) for message in messages) for messages in completions]
    return [max(0.0, 1 - length / LONGEST) for length in lengths]

"""A million cases, each with a month of its own, by the rules alone: how many mails went out that should not have.

It plays what `dunning simulate` plays, on a clock that is only a value: declined renewals of every kind, people who
pay, cancel, pause and dispute, webhooks that are lost, late and doubled, mail servers that refuse or fall silent.
What is right is read from Paddle's side at the moment of each mail: `python -m bench.million 20000` plays so many.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, time as time_of_day, timedelta
from functools import partial
from multiprocessing import get_context

import click

from bench.figures import Figure, at_most
from cli.simulate.entities import Customer, Subscription
from cli.simulate.paddle import Happening
from cli.simulate.rehearsal import WEBHOOK_TAKES, Rehearsal
from cli.simulate.sending import Sending
from dunning.campaign import Campaign, SendBetween
from dunning.campaign_file import parse_campaigns, shipped
from dunning.declines import KNOWN_CODES
from dunning.delivery import DeliveryState

CASES = 1_000_000
CHUNK = 2_500
BEGAN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)

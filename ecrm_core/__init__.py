"""e-CRM: the company in one database.

import ecrm_core as ecrm

with ecrm.connect().work("ratna") as work:
    ecrm.queries.customer_status(work, as_of=work.today)
"""

from ecrm_core.crm import Crm, Work, connect
from ecrm_core.errors import EcrmError

__all__ = ["Crm", "EcrmError", "Work", "connect"]

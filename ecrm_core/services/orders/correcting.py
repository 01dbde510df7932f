"""A new order written anew: what was misheard is put right before it leaves the house."""

from __future__ import annotations

from ecrm_core.crm import Work
from ecrm_core.services.orders.forms import OrderForm, OrderReceipt


def correct_order(work: Work, order_id: int, version: int, form: OrderForm) -> OrderReceipt:
    """Write a new order anew: lines, address, payment, source, note, shipping cost.

    Lines keep their place by `LineForm.line_id`; those not named are taken out. Follow-ups, stock,
    amounts and last activity follow. `form.customer_id`, `intention`, `channel` and `ordered_at` are
    not looked at. The same again is no change.

    Args:
        version: of the order as it was read (`OrderCard.version`).

    Raises:
        NotVisible: missing, or a colleague's.
        ChangedMeanwhile: corrected or moved along since; facts `by`, `at`, `fields`.
        StatusRefused: the order is not new any more.
        InvalidValue, StockTooLow: as for `take_order`; also a line that is not this order's.
    """
    raise NotImplementedError

"""Orders: taken once per intention, corrected while new, moved along, cancelled, returned, shown."""

from ecrm_core.services.orders.addresses import KnownAddress, address_book
from ecrm_core.services.orders.card import (
    CardLine,
    CardReturn,
    CardStep,
    OrderCard,
    OrderCustomer,
    confirmation_text,
    order_card,
)
from ecrm_core.services.orders.correcting import correct_order
from ecrm_core.services.orders.corrections import Correction, LineChange, LineThen, order_corrections
from ecrm_core.services.orders.forms import (
    LineForm,
    OrderForm,
    OrderReceipt,
    StatusRefused,
    StockShort,
    StockTooLow,
)
from ecrm_core.services.orders.pricing import PricedLine, PricedOrder, price_order
from ecrm_core.services.orders.steps import (
    change_order_status,
    change_order_statuses,
    refuse_at_door,
    return_pieces,
    ship,
)
from ecrm_core.services.orders.taking import take_order, take_order_for_new, take_order_with_changes, take_orders

__all__ = [
    "CardLine",
    "CardReturn",
    "CardStep",
    "Correction",
    "KnownAddress",
    "LineChange",
    "LineForm",
    "LineThen",
    "OrderCard",
    "OrderCustomer",
    "OrderForm",
    "OrderReceipt",
    "PricedLine",
    "PricedOrder",
    "StatusRefused",
    "StockShort",
    "StockTooLow",
    "address_book",
    "change_order_status",
    "change_order_statuses",
    "confirmation_text",
    "correct_order",
    "order_card",
    "order_corrections",
    "price_order",
    "refuse_at_door",
    "return_pieces",
    "ship",
    "take_order",
    "take_order_for_new",
    "take_order_with_changes",
    "take_orders",
]

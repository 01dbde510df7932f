"""Saved selections of customers, and what is done with them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ecrm_core.models.base import Base, Code, instant, key, prose


class Segment(Base):
    """A named, saved selection of customers; the rule is kept, the members are asked as of a date."""

    __tablename__ = "segment"

    id: Mapped[key]
    name: Mapped[str] = mapped_column(String(200), unique=True)
    rule: Mapped[Any] = mapped_column(JSON)
    created_at: Mapped[instant]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))


class Campaign(Base):
    """A segment put on telemarketers' agendas with an offer, and a control group left alone."""

    __tablename__ = "campaign"

    id: Mapped[key]
    name: Mapped[str] = mapped_column(String(200), unique=True)
    segment_id: Mapped[int] = mapped_column(ForeignKey("segment.id"), index=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    script: Mapped[prose] = mapped_column(default="")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    control_percent: Mapped[int] = mapped_column(default=20)
    started_at: Mapped[datetime | None]
    created_at: Mapped[instant]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))


class CampaignArm(StrEnum):
    """Called, or left alone for comparison."""

    TREATED = "treated"
    CONTROL = "control"


class CampaignMember(Base):
    """A customer of a campaign and the arm they were drawn into, kept for good."""

    __tablename__ = "campaign_member"
    __table_args__ = (Index("ix_campaign_member_customer_id", "customer_id"),)

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    arm: Mapped[CampaignArm] = mapped_column(Code(CampaignArm))
    stratum: Mapped[str] = mapped_column(String(64))

"""What comes back about a letter, as servers and providers write it."""

from __future__ import annotations


def dsn(token: str, action: str, status: str, *, to: str | None = None, code: str = "") -> bytes:
    """A report as postfix writes it."""
    to = to or f"bounce+{token}@shop.example"
    return (
        f"From: MAILER-DAEMON@mx.example (Mail Delivery System)\r\nTo: {to}\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI'm sorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\nArrival-Date: Tue, 10 Mar 2026 15:00:00 +0000\r\n\r\n"
        f"Final-Recipient: rfc822; ana@example.com\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {code or status} No luck\r\n\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\n"
        f"From: shop@shop.example\r\nMessage-ID: <{token}@shop.example>\r\n\r\nHello\r\n--b--\r\n"
    ).encode()


def complaint(token: str, kind: str) -> bytes:
    """A report as RFC 5965 has it, which goes to an address without a token."""
    return (
        "From: feedback@provider.example\r\nTo: abuse@shop.example\r\nSubject: FW: Your order\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is an abuse report.\r\n"
        "--b\r\nContent-Type: message/feedback-report\r\n\r\n"
        f"Feedback-Type: {kind}\r\nUser-Agent: Provider/1\r\nVersion: 1\r\n\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\n"
        f"Message-ID: <{token}@shop.example>\r\nFrom: shop@shop.example\r\n\r\nHello\r\n--b--\r\n"
    ).encode()

from celery import shared_task
from django.core.mail import send_mail

from .models import Order


@shared_task(name="orders.tasks.confirm")
def confirm(order_id):
    """Tells the customer that the order is there."""
    order = Order.objects.get(pk=order_id)
    send_mail(f"Your order {order.pk}", f"Thank you. It comes to {order.total}.", None, [order.email])
    order.state = Order.State.CONFIRMED
    order.save(update_fields=["state"])
